import { randomBytes } from 'node:crypto';

/** Who may ask, by bearer token: those with one of the tokens, and users by name. Without any, everybody may. */
export class Accounts {
  readonly #tokens: readonly string[];
  readonly #users: ReadonlyMap<string, string>;

  constructor(tokens: readonly string[], users: readonly string[]) {
    this.#tokens = tokens;
    this.#users = new Map(users.map((user) => [user, randomBytes(24).toString('hex')]));
  }

  /** Tokens by user. */
  get users(): ReadonlyMap<string, string> {
    return this.#users;
  }

  /** @throws {TypeError} When there is no such user. */
  tokenOf(user: string | undefined): string {
    if (user === undefined) return this.#tokens[0] ?? 'anybody';
    const token = this.#users.get(user);
    if (token === undefined) throw new TypeError(`Cannot find the user "${user}": name them in the option "users"`);
    return token;
  }

  /** The user of an authorization header; empty for everybody else. */
  userOf(authorization: string | undefined): string {
    const token = bearerToken(authorization);
    for (const [user, own] of this.#users) if (own === token) return user;
    return '';
  }

  letIn(authorization: string | undefined): boolean {
    const token = bearerToken(authorization);
    return (
      this.#tokens.length === 0 ||
      (token !== undefined && this.#tokens.includes(token)) ||
      this.userOf(authorization) !== ''
    );
  }
}

function bearerToken(authorization = ''): string | undefined {
  const [scheme, token] = authorization.split(' ');
  return scheme?.toLowerCase() === 'bearer' ? token : undefined;
}
