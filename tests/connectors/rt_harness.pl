# Runs the shipped scrip on stand-ins for Request Tracker. stdin: {ticket, transaction, config,
# status}; stdout: {requests, log}.
use strict;
use warnings;
use JSON::PP;

my $given = JSON::PP->new->utf8->decode( do { local $/; <STDIN> } );
my ( @requests, @log );

package Thing {    # an object whose methods are the keys of a hash
    our $AUTOLOAD;

    sub AUTOLOAD {
        my $self = shift;
        my $name = $AUTOLOAD =~ s/.*:://r;
        return if $name eq 'DESTROY';
        die "no method $name" unless exists $self->{$name};
        my $found = $self->{$name};
        return ref $found eq 'CODE' ? $found->(@_) : $found;
    }
}

sub list {
    my @things = @_;
    return bless { Next => sub { shift @things }, Limit => 1, First => sub { $things[0] } }, 'Thing';
}
sub thing { my %made = @_; return bless \%made, 'Thing' }
sub person { return thing( Id => $_[0], Name => "login-$_[0]" ) }

package RT {
    sub Config { main::thing( Get => sub { $given->{config}{ $_[0] } } ) }
    sub Nobody { main::person(6) }
    sub Logger { main::thing( error => sub { push @log, $_[0] } ) }
}

package LWP::UserAgent {
    $INC{'LWP/UserAgent.pm'} = 1;
    sub new { my ( $class, %options ) = @_; return bless {%options}, $class }

    sub post {
        my ( $self, $url, %said ) = @_;
        push @requests, { url => $url, headers => {%said}, body => delete $said{Content} };
        return main::thing( code => $given->{status} );
    }
}

package main;

my $told   = $given->{ticket};
my %custom = %{ $told->{custom} };
my $self   = thing(
    TicketObj => thing(
        Id           => $told->{id},
        Subject      => $told->{subject},
        Status       => $told->{status},
        Priority     => $told->{priority},
        QueueObj     => thing( Id => 3, Name => 'Access' ),
        CreatorObj   => person( $told->{creator} ),
        OwnerObj     => person( $told->{owner} ),
        Requestors   => thing( UserMembersObj => list( map { person($_) } @{ $told->{requestors} } ) ),
        Transactions => list( thing( Content => sub { $told->{description} } ) ),
        CustomFields => list( map { thing( Id => $_, Name => $_ ) } sort keys %custom ),
        CustomFieldValues => sub { list( map { thing( Content => $_ ) } @{ $custom{ $_[0] } } ) },
    ),
    TransactionObj => thing(
        Id         => $given->{transaction}{id},
        Type       => $given->{transaction}{type},
        CreatorObj => person( $given->{transaction}{creator} ),
    ),
);
my $code = do { open my $file, '<', $ARGV[0] or die $!; local $/; <$file> };
my $done = eval "sub { $code }" or die $@;
my $result = $done->();
die "the scrip answered no 1" unless $result;
delete $_->{headers}{Content} for @requests;
print JSON::PP->new->ascii->encode( { requests => \@requests, log => \@log } );
