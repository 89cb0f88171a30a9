import type { TranslatedEntity } from './objects.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Writes entities as a document of Kong's declarative format, in the shape that KIC sends: routes, targets and SNIs stand
 * within their service, upstream and certificate; lists are sorted in descending order, SNIs ascending; only services,
 * routes and certificates show their id. Without any entity there is an upstream `kong`, for Kong's readiness endpoint
 * turns ready with the first entity.
 */
export function declarativeDocument(entities: Iterable<TranslatedEntity>): Readonly<Record<string, unknown>> {
  const byType = groupByType(entities);
  const services = nest(byType, { parents: 'services', children: 'routes', by: 'service', order: descending('name') });
  const upstreams = nest(byType, {
    parents: 'upstreams',
    children: 'targets',
    by: 'upstream',
    order: descending('target'),
  });
  const certificates = nest(byType, {
    parents: 'certificates',
    children: 'snis',
    by: 'certificate',
    order: ascending('name'),
  });
  const lists: [string, readonly Fields[]][] = [
    ['certificates', [...certificates].sort(descending('cert'))],
    ['services', [...services].sort(descending('name'))],
    ['upstreams', [...upstreams].sort(descending('name'))],
  ];
  const filled = lists.filter(([, list]) => list.length > 0);
  return { _format_version: '3.0', ...(filled.length === 0 ? STUB : Object.fromEntries(filled)) };
}

const STUB: Fields = { upstreams: [{ name: 'kong' }] };

const HAS_ID: ReadonlySet<string> = new Set(['services', 'routes', 'certificates']);

function groupByType(entities: Iterable<TranslatedEntity>): ReadonlyMap<string, readonly TranslatedEntity[]> {
  return Map.groupBy(entities, ({ type }) => type);
}

type Order = (a: Fields, b: Fields) => number;

interface Nesting {
  readonly parents: string;
  readonly children: string;
  /** The field of a child that refers to its parent. */
  readonly by: string;
  readonly order: Order;
}

function nest(
  byType: ReadonlyMap<string, readonly TranslatedEntity[]>,
  { parents, children, by, order }: Nesting,
): readonly Fields[] {
  const byParent = Map.groupBy(byType.get(children) ?? [], ({ entity }) => referredId(entity[by]));
  return (byType.get(parents) ?? []).map((parent) => {
    const nested = (byParent.get(parent.id) ?? []).map((child) => childFields(child, by)).sort(order);
    const fields = shownFields(parent);
    return nested.length === 0 ? fields : { ...fields, [children]: nested };
  });
}

/** KIC leaves the reference to the parent in SNIs, and only there. */
function childFields(child: TranslatedEntity, by: string): Fields {
  const { [by]: _parent, ...fields } = shownFields(child);
  return child.type === 'snis' ? shownFields(child) : fields;
}

function shownFields({ type, entity }: TranslatedEntity): Fields {
  const { id, ...fields } = entity;
  return HAS_ID.has(type) ? { id, ...fields } : fields;
}

function referredId(reference: unknown): unknown {
  return typeof reference === 'object' && reference !== null && 'id' in reference ? reference.id : undefined;
}

function ascending(field: string): Order {
  return (a, b) => {
    const [left, right] = [String(a[field]), String(b[field])];
    return left < right ? -1 : Number(left > right);
  };
}

function descending(field: string): Order {
  return (a, b) => ascending(field)(b, a);
}
