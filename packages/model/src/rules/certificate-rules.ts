import { checkJwk } from '../checks/jwk.ts';
import { isSamePair, parseCertificate, parseKey } from '../checks/pem.ts';
import type { Candidate, CompiledRule } from './compiled-rule.ts';
import { haveFailed, refuse } from './compiled-rule.ts';
import type { Rule } from './rule.ts';

const certificateTag = '-----BEGIN CERTIFICATE-----';

export function certificateKey(rule: Extract<Rule, { readonly rule: 'certificateKey' }>): CompiledRule {
  return (candidate) => {
    const texts = plainTexts(candidate, [rule.certificate, rule.key]);
    if (texts === undefined) return;
    const certificate = parseCertificate(texts[0] ?? '');
    const key = parseKey(texts[1] ?? '');
    if (certificate === undefined || key === undefined) return;
    if (!isSamePair(certificate.publicKey, key)) refuse(candidate, rule.message);
  };
}

/** A second certificate serves clients that cannot use the first: it is of another kind. */
export const certificateKinds: CompiledRule = (candidate) => {
  const texts = plainTexts(candidate, ['cert', 'cert_alt']);
  const kinds = texts?.map((text) => parseCertificate(text)?.publicKey.asymmetricKeyType);
  if (kinds === undefined || kinds[0] !== kinds[1]) return;
  refuse(
    candidate,
    'certificate and alternative certificate need to have different type (e.g. RSA and ECDSA), ' +
      'the provided certificates were both of the same type',
  );
};

export const caCertificate: CompiledRule = (candidate) => {
  const text = plainTexts(candidate, ['cert'])?.[0];
  const certificate = text === undefined ? undefined : parseCertificate(text);
  if (text === undefined || certificate === undefined) return;
  if (text.indexOf(certificateTag) !== text.lastIndexOf(certificateTag)) {
    refuse(candidate, 'please submit only one certificate at a time');
  } else if (certificate.validToDate.getTime() < candidate.context.now()) {
    refuse(candidate, 'certificate expired, "Not After" time is in the past');
  } else if (!certificate.ca) {
    refuse(candidate, 'certificate does not appear to be a CA because it is missing the "CA" basic constraint');
  }
};

export const jwk: CompiledRule = (candidate) => {
  const text = haveFailed(candidate, ['pem']) ? undefined : plainTexts(candidate, ['jwk', 'kid'])?.[0];
  const problem = text === undefined ? undefined : checkJwk(text, candidate.entity['kid']);
  if (problem !== undefined) refuse(candidate, problem);
};

/** The texts of fields, unless one is unset, has a problem of its own, or is a reference into a vault. */
function plainTexts(candidate: Candidate, names: readonly string[]): readonly string[] | undefined {
  const values = names.map((name) => candidate.entity[name]);
  const good = values.every((value) => typeof value === 'string' && !value.startsWith('{vault://'));
  return good && !haveFailed(candidate, names) ? values.map(String) : undefined;
}
