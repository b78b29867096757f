// An OpenID provider for the tests: `node provider.mjs PORT CLIENT_ID SECRET CALLBACK AFTERWARDS BACKCHANNEL`.
// Whoever names an account is that person, in the groups that are typed; a factor that is typed becomes the class (acr).
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.TICKETGATE_NODE}/`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const [port, clientId, secret, callback, afterwards, backchannel] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const groups = new Map(); // account -> what it said at its newest sign-in
const STRONG = 'urn:example:second-factor';

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    client_secret: secret,
    redirect_uris: [callback],
    post_logout_redirect_uris: [afterwards],
    backchannel_logout_uri: backchannel,
    backchannel_logout_session_required: true,
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  acrValues: ['weak', STRONG],
  claims: { openid: ['sub', 'groups'], acr: null, auth_time: null, sid: null, iss: null },
  cookies: { keys: ['only for tests'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups.get(id) }) }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (context) => {
    const grant = new provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  ttl: { Session: 600, Interaction: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
});

const FORM = `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>
<form method="post"><label>Account <input name="account"></label>
<label>Factor <input name="factor"></label>
<label>Groups <input name="groups"></label><button>Sign in</button></form></html>`;

async function read(request) {
  let text = '';
  for await (const part of request) text += part;
  return new URLSearchParams(text);
}

provider.use(async (context, next) => {
  const { req, res } = context;
  if (!context.path.startsWith('/interaction/')) return next();
  if (context.method === 'GET') {
    context.type = 'text/html';
    context.body = FORM;
    return undefined;
  }
  const form = await read(req);
  const account = form.get('account');
  if (form.get('groups')) groups.set(account, form.get('groups').split(' '));
  const result = account
    ? { login: { accountId: account, acr: form.get('factor') ? STRONG : 'weak' } }
    : { error: 'access_denied', error_description: 'cancelled' };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  context.respond = false;
  return undefined;
});

provider.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
