# Request Tracker 5: "Custom action commit code" of a scrip on every transaction of a ticket.
# Signs the ticket as Standard Webhooks says and posts it. Digest::SHA, MIME::Base64 and JSON::PP
# are part of Perl, LWP::UserAgent of RT. Settings: $TicketgateURL and $TicketgateSecret (whsec_...).
#
# The id of a delivery is rt-<ticket>-<transaction>. Sent are the fields below and the custom fields;
# no correspondence but what opened the ticket, no comments, no attachments.
require Digest::SHA;
require JSON::PP;
require LWP::UserAgent;
require MIME::Base64;

my $ticket      = $self->TicketObj;
my $transaction = $self->TransactionObj;
my $id          = 'rt-' . $ticket->Id . '-' . $transaction->Id;
my $text_max    = 20_000;    # characters; a longer text is not sent and so counts as absent

# NUL and halves of surrogate pairs become U+FFFD: the gateway would park the whole ticket.
my $text = sub {
    my $said = defined $_[0] ? "$_[0]" : '';
    no warnings 'surrogate';
    $said =~ s/[\x{0}\x{D800}-\x{DFFF}]/\x{FFFD}/g;
    return $said;
};
my $named = sub { return { id => $text->( $_[0]->Id ), name => $text->( $_[0]->Name ) } };
my $person = sub {
    my $nobody = !$_[0] || !$_[0]->Id || $_[0]->Id == RT->Nobody->Id;
    return $nobody ? { id => '', name => '' } : $named->( $_[0] );
};
my $opening = sub {
    my $all = $ticket->Transactions;
    $all->Limit( FIELD => 'Type', VALUE => 'Create' );
    my $first = $all->First;
    return $first ? $first->Content( Type => 'text/plain' ) : '';
};

my $sent = eval {
    my $secret = RT->Config->Get('TicketgateSecret') || '';
    my ($encoded) = $secret =~ /\Awhsec_(\S+)\z/
        or die "TicketgateSecret is not whsec_...\n";
    my $url = RT->Config->Get('TicketgateURL') or die "TicketgateURL is not set\n";

    my ( @requestors, %custom );
    my $members = $ticket->Requestors->UserMembersObj;
    while ( my $user = $members->Next ) { push @requestors, $person->($user) }
    my $fields = $ticket->CustomFields;
    while ( my $field = $fields->Next ) {
        my $values = $ticket->CustomFieldValues( $field->Id );
        my @said;
        while ( my $value = $values->Next ) { push @said, $text->( $value->Content ) }
        $custom{ $text->( $field->Name ) } = \@said;
    }
    my %told = (
        id            => $text->( $ticket->Id ),
        queue         => $named->( $ticket->QueueObj ),
        status        => $text->( $ticket->Status ),
        priority      => $text->( $ticket->Priority ),
        creator       => $person->( $ticket->CreatorObj ),
        owner         => $person->( $ticket->OwnerObj ),
        requestors    => \@requestors,
        custom_fields => \%custom,
    );
    my %long = ( subject => $text->( $ticket->Subject ), description => $text->( $opening->() ) );
    for my $name ( keys %long ) {
        $told{$name} = $long{$name} if length $long{$name} <= $text_max;
    }
    my $body = JSON::PP->new->ascii->canonical->encode(
        {   ticket      => \%told,
            transaction => {
                id      => $text->( $transaction->Id ),
                type    => $text->( $transaction->Type ),
                creator => $person->( $transaction->CreatorObj ),
            },
        }
    );
    my $time   = time;
    my $key    = MIME::Base64::decode_base64($encoded);
    my $mac    = Digest::SHA::hmac_sha256( "$id.$time.$body", $key );
    my $agent  = LWP::UserAgent->new( timeout => 5, max_redirect => 0 );
    my $answer = $agent->post(
        $url,
        'Content-Type'      => 'application/json',
        'webhook-id'        => $id,
        'webhook-timestamp' => $time,
        'webhook-signature' => 'v1,' . MIME::Base64::encode_base64( $mac, '' ),
        Content             => $body,
    );
    die 'it was answered ' . $answer->code . "\n" if $answer->code != 202;
    1;
};
RT->Logger->error("ticketgate: delivery $id failed: $@") unless $sent;
return 1;
