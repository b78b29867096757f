"""A Request Tracker 5 of Debian with a database, users and a port of its own, for tests."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import requests

from ticketgate.cli.demo.servers import LOOPBACK, Process, free_port

HOME: Final = Path("/usr/share/request-tracker5")
SERVER: Final = HOME / "libexec" / "rt-server"
SETUP: Final = "rt-setup-database-5"
SCRIP: Final = Path(__file__).resolve().parents[2] / "connectors" / "request_tracker" / "scrip.pl"
PASSWORDS: Final = {"root": "password", "alice": "the password of alice"}

_SITE: Final = """
Set($rtname, 'gate.test');
Set($Organization, 'gate.test');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($Timezone, 'America/New_York');
Set($MailCommand, 'mbox');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set($MasonDataDir, '{folder}/mason');
Set($MasonSessionDir, '{folder}/session');
Set($TicketgateURL, '{hook}');
Set($TicketgateSecret, '{secret}');
1;
"""
_SEED: Final = r"""
use strict; use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT; RT::LoadConfig(); RT::Init();
sub must { my ($ok, $said) = @_; die "$said\n" unless $ok; return $ok }
my $queue = RT::Queue->new(RT->SystemUser); $queue->Load('General');
my %rights = (
  'alice' => [qw(SeeQueue ShowTicket CreateTicket ModifyTicket SeeCustomField
                 ModifyCustomField SetInitialCustomField)],
  'svc-ticketgate' => [qw(SeeQueue ShowTicket ShowTicketComments CommentOnTicket SeeCustomField)],
);
for my $name (sort keys %rights) {
  my $user = RT::User->new(RT->SystemUser);
  must($user->Create(Name => $name, EmailAddress => "$name\@example.com", Privileged => 1,
    Timezone => 'UTC', Password => 'the password of ' . $name));
  must($user->PrincipalObj->GrantRight(Object => $queue, Right => $_)) for @{ $rights{$name} };
  print "$name=" . $user->Id . "\n";
}
for my $name (qw(role duration business_reason)) {
  my $field = RT::CustomField->new(RT->SystemUser);
  must($field->Create(Name => $name, Type => 'FreeformSingle',
    LookupType => 'RT::Queue-RT::Ticket'));
  must($field->AddToObject($queue));
}
my $svc = RT::User->new(RT->SystemUser); $svc->Load('svc-ticketgate');
my $token = RT::AuthToken->new(RT->SystemUser);
my (undef, undef, $secret) = $token->Create(Owner => $svc->Id, Description => 'ticketgate');
print "token=$secret\n";
open my $file, '<', $ARGV[0] or die $!;
my $code = do { local $/; <$file> };
my $scrip = RT::Scrip->new(RT->SystemUser);
must($scrip->Create(Queue => 0, Description => 'ticketgate', ScripCondition => 'On Transaction',
  ScripAction => 'User Defined', Template => 'Blank', CustomPrepareCode => 'return 1;',
  CustomCommitCode => $code));
"""


def missing() -> str:
    """Why there can be no instance on this machine; empty where there can."""
    if os.getuid() != 0:
        return "RT's own configuration can be read by root only"
    if not SERVER.is_file() or shutil.which(SETUP) is None:
        return "Debian's request-tracker5, rt5-standalone and rt5-db-sqlite are not installed"
    return ""


class RequestTrackerServer(Process):
    """A running RT whose scrip posts to `hook`, and people's own clients to it."""

    def __init__(self, folder: Path, hook: str, secret: str) -> None:
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        site = folder / "site.pm"
        values = {"folder": folder, "port": self.port, "hook": hook, "secret": secret}
        site.write_text(_SITE.format(**values))
        for name in ("mason", "session"):
            (folder / name).mkdir()
        environ = {"RT_SITE_CONFIG": str(site), "RT_SITE_CONFIG_DIR": os.devnull}
        self.environ = {**os.environ, **environ}
        self._run(SETUP, "--action", "init", "--skip-create", "--dba", "", "--dba-password", "")
        said = self._run("perl", "-e", _SEED, str(SCRIP))
        self.seeded = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        # Each worker compiles RT for itself. Three: a hook may meet a poll and a comment.
        workers = ("--server", "Starlet", "--max-workers", "3")
        command = [str(SERVER), "--host", LOOPBACK, "--port", str(self.port), *workers]
        super().__init__(command, folder / "rt.log", environ)
        self.wait_ready(f"{self.url}/")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, who: str, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 -- JSON
        """One request of a person's; it must succeed."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method,
                f"{self.url}/REST/2.0{path}",
                auth=(who, PASSWORDS[who]),
                timeout=20,
                **more,
            )
        assert answer.ok, answer.text
        return answer.json()

    def create(self, **fields: str) -> str:
        """A ticket of Alice's that asks for access; its id."""
        body = {
            "Queue": "General",
            "Subject": "Elevated access to the production database",
            "Content": "For the billing tables, tonight. Gr\u00fc\u00dfe",
            "Requestor": "alice@example.com",
            "CustomFields": {
                "role": "prod-db-admin",
                "duration": "2h",
                "business_reason": "Migrate the billing tables tonight",
                **fields,
            },
        }
        return str(self.ask("alice", "POST", "/ticket", json=body)["id"])

    def comments(self, ticket: str) -> list[str]:
        """The texts of all comments on a ticket, oldest first, as root reads them."""
        query = f"ObjectType='RT::Ticket' AND ObjectId={ticket} AND Type='Comment'"
        found = self.ask("root", "GET", "/transactions", params={"query": query})["items"]
        parts = [
            self.ask(
                "root", "GET", f"/transaction/{one['id']}/attachments", params={"fields": "Content"}
            )["items"][0]
            for one in found
        ]
        return [str(one["Content"]) for one in parts]
