/**
 * What API Gateway does before a function is called, as `custom.offline.customAuthenticationProvider`
 * of serverless-offline: it tells functions who calls, refuses unsigned requests to routes that ask
 * for a signature, and lets only a few requests at a time through to one function.
 *
 * The identity is that of the access key id in the request's Signature Version 4 header; the
 * signature is not verified. The key id `local` is the operator, any other a user of that name.
 */
const { concurrencyLimit } = require('./concurrency-limit.ts');
const { isFromThisMachine } = require('./same-machine.ts');

const account = '000000000000';

/** serverless-offline makes the authorizer context of an event of this header's JSON. */
const identityHeader = 'sls-offline-authorizer-override';

/** serverless-offline starts a worker for each request in flight, and has no limit of its own. */
const limit = concurrencyLimit(8);

/** Called once per route; every route needs a strategy of its own name. */
module.exports = function buildAuthentication(endpoint, functionKey, method, path) {
  const needsIdentity = readAuthorizerType(endpoint.authorizer) === 'aws_iam';
  const name = `iam ${functionKey} ${method} ${path}`;

  const authenticate = async (request, h) => {
    stripHeader(request, identityHeader);
    readCookies(request);
    const keyId = readAccessKeyId(request.headers.authorization);
    if (needsIdentity) {
      // Without a signature to verify, any web page could pass for the operator.
      if (keyId === undefined || !isFromThisMachine(request.headers))
        return refuse(h, 403, 'Forbidden');
      request.raw.req.rawHeaders.push(
        identityHeader,
        JSON.stringify({ iam: buildIdentity(keyId) }),
      );
    }

    const place = limit.enter(functionKey);
    const { res } = request.raw;
    res.once('close', place.leave);
    if (res.closed || res.destroyed) place.leave();
    return (await place.ready)
      ? h.authenticated({ credentials: {} })
      : refuse(h, 503, 'Service Unavailable');
  };

  return { name, scheme: name, getAuthenticateFunction: () => ({ authenticate }) };
};

function readAuthorizerType(authorizer) {
  return typeof authorizer === 'string' ? authorizer : authorizer?.type;
}

/** A caller that could set the header could be anybody. */
function stripHeader(request, name) {
  const { rawHeaders } = request.raw.req;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at].toLowerCase() === name) rawHeaders.splice(at, 2);
  }
  delete request.headers[name];
}

/**
 * Cookies as API Gateway passes them on: as they came.
 *
 * The server underneath would answer 400 to any cookie that it cannot parse, another program's on
 * 127.0.0.1 too; that is switched off, and with it the reading of cookies.
 */
function readCookies(request) {
  const { cookie } = request.headers;
  if (cookie === undefined) return;
  const state = Object.create(null);
  for (const pair of cookie.split(';')) {
    const text = pair.trim();
    if (text === '') continue;
    const [name] = text.split('=', 1);
    const value = text.slice(name.length + 1);
    state[name] = name in state ? [state[name], value].flat() : value;
  }
  request.state = state;
}

/** The key id of `AWS4-HMAC-SHA256 Credential={key id}/{date}/{region}/{service}/aws4_request, …`. */
function readAccessKeyId(authorization = '') {
  const credential = /^AWS4-HMAC-SHA256\s.*?\bCredential=([\w+=,.@-]{1,128})\/\d{8}\//.exec(
    authorization,
  );
  return credential?.[1];
}

function buildIdentity(keyId) {
  return {
    accessKey: keyId,
    accountId: account,
    callerId: keyId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: `arn:aws:iam::${account}:user/${keyId}`,
    userId: keyId,
  };
}

/** API Gateway's own refusals have this shape. */
function refuse(h, status, message) {
  return h.response({ message }).code(status).takeover();
}
