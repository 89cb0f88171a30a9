import type { ChangeRequest } from './both-servers.ts';

/** When the Lease passed to another holder, by the API server's log. */
export interface Handover {
  readonly time: number;
  readonly to: string;
}

const isDone = ({ code }: ChangeRequest): boolean => code >= 200 && code < 300;
const byTime = (a: ChangeRequest, b: ChangeRequest): number => a.time - b.time;

/** Each replica writes the Lease for itself alone, so who has written it last holds it. */
export function handovers(changes: readonly ChangeRequest[]): readonly Handover[] {
  const found: Handover[] = [];
  for (const { resource, user, time } of changes.filter(isDone).toSorted(byTime)) {
    if (resource === 'leases' && user !== found.at(-1)?.to && user !== '') found.push({ time, to: user });
  }
  return found;
}

/** What only a leader may do: write status and Events. */
export function leaderWrites(
  changes: readonly ChangeRequest[],
  replicas: ReadonlySet<string>,
): readonly ChangeRequest[] {
  return changes.filter(
    ({ user, resource, subresource }) => replicas.has(user) && (subresource === 'status' || resource === 'events'),
  );
}

/** Writes by somebody who did not hold the Lease at that moment; with one at a time, none. */
export function writesOutOfTurn(changes: readonly ChangeRequest[], replicas: ReadonlySet<string>): readonly string[] {
  const leases = handovers(changes.filter(({ user }) => replicas.has(user)));
  return leaderWrites(changes, replicas).flatMap(({ time, user, verb, resource, name }) => {
    const holder = leases.findLast((handover) => handover.time <= time)?.to;
    return holder === user ? [] : [`${user} wrote (${verb} ${resource} ${name ?? ''}) while ${holder ?? 'nobody'} led`];
  });
}
