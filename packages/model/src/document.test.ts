import { describe, expect, it } from '@jest/globals';
import { validateDocument } from './document.ts';

const id = (n: number): string => `10000000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}`;

/** Paths and codes of the problems, dotted. */
function problems(collections: object, head: object = { _format_version: '3.0' }): readonly string[] {
  const { problems: found } = validateDocument({ ...head, ...collections });
  return found.map(({ code, path }) => `${path.join('.')} ${code}`);
}

describe('validateDocument', () => {
  it('lists entities, nested ones too, bound to the enclosing one', () => {
    const document = {
      _format_version: '3.0',
      services: [
        { name: 's', host: 'h', routes: [{ name: 'r', paths: ['/'], service: 'other', plugins: [{ name: 'cors' }] }] },
      ],
      consumers: [{ username: 'c', keyauth_credentials: [{ key: 'k' }] }],
      upstreams: [{ name: 'u', targets: [{ target: 'a' }] }],
    };
    const { problems: found, entities } = validateDocument(document);
    expect(found).toEqual([]);
    const [service, route, plugin] = entities.map(({ entity }) => entity);
    expect(entities.map(({ type, path }) => `${type} ${path.join('.')}`)).toEqual([
      'services services.0',
      'routes services.0.routes.0',
      'plugins services.0.routes.0.plugins.0',
      'consumers consumers.0',
      'keyauth_credentials consumers.0.keyauth_credentials.0',
      'upstreams upstreams.0',
      'targets upstreams.0.targets.0',
    ]);
    expect(route).toMatchObject({ service: { id: Object(service).id } });
    expect(plugin).toMatchObject({ route: { id: Object(route).id }, service: null });
    expect(validateDocument(document).entities).toEqual(entities);
  });

  it.each([
    [[], ' ERR_FIELD_TYPE'],
    [{}, '_format_version ERR_FIELD_REQUIRED'],
    [{ _format_version: 3 }, '_format_version ERR_FIELD_TYPE'],
    [{ _format_version: '4.0' }, '_format_version ERR_FIELD_VALUE'],
    [{ _format_version: '3.0', _info: {} }, '_info ERR_FIELD_UNKNOWN'],
    [{ _format_version: '3.0', _transform: 1 }, '_transform ERR_FIELD_TYPE'],
    [{ _format_version: '3.0', services: 'x' }, 'services ERR_FIELD_TYPE'],
    [{ _format_version: '3.0', services: [null] }, 'services.0 ERR_FIELD_TYPE'],
    [{ _format_version: '3.0', services: [{ host: 'h', _comment: 5 }] }, 'services.0._comment ERR_FIELD_TYPE'],
    [{ _format_version: '3.0', services: [{ host: 'h', targets: [] }] }, 'services.0.targets ERR_FIELD_UNKNOWN'],
    [{ _format_version: '3.0', consumers: [{ username: 'u', groups: [] }] }, 'consumers.0.groups ERR_FIELD_UNKNOWN'],
  ])('%j: %s', (document, problem) => {
    expect(validateDocument(document).problems.map(({ code, path }) => `${path.join('.')} ${code}`)).toEqual([problem]);
  });

  it('takes nulls and empty objects where Kong does', () => {
    const services = [{ host: 'h', _ignore: {}, _comment: null, routes: {} }];
    expect(problems({ services, routes: {}, plugins: null, _ignore: {}, _transform: null })).toEqual([]);
  });

  it('reads format 2.1 at most for a 2.x node', () => {
    expect(validateDocument({ _format_version: '3.0' }, { version: '2.8.5' }).problems).toHaveLength(1);
  });

  it('finds referred entities by name or id, wherever they stand', () => {
    const services = [{ id: id(1), name: 's', host: 'h' }];
    const route = (service: unknown): object => ({ paths: ['/'], service });
    expect(problems({ routes: [route('s'), route(id(1)), route({ id: id(1) }), route(null)], services })).toEqual([]);
    expect(
      problems({ routes: [route('S'), route(''), route(5), route({ name: 's' }), route({ id: id(2) })], services }),
    ).toEqual([
      'routes.0.service ERR_REFERENCE_MISSING',
      'routes.1.service.id ERR_REFERENCE_INVALID',
      'routes.2.service.id ERR_REFERENCE_INVALID',
      'routes.3.service.id ERR_REFERENCE_INVALID',
      'routes.4.service ERR_REFERENCE_MISSING',
    ]);
  });

  it('misses CA certificates that do not exist', () => {
    const services = [{ host: 'h', protocol: 'https', ca_certificates: [id(9)] }];
    expect(problems({ services })).toEqual(['services.0.ca_certificates.0 ERR_REFERENCE_MISSING']);
  });

  it('refuses what must be unique and is not, in its stored form', () => {
    const consumers = [
      { username: 'a', acls: [{ group: 'g' }, { group: 'g' }] },
      { username: 'b', acls: [{ group: 'g' }], keyauth_credentials: [{ key: 'secret-value' }] },
      { username: 'b', keyauth_credentials: [{ key: 'secret-value' }] },
    ];
    const upstreams = [
      {
        name: 'u',
        targets: [
          { id: id(1), target: 'a' },
          { id: id(2), target: 'a:8000' },
        ],
      },
    ];
    const found = problems({ consumers, upstreams, plugins: [{ name: 'cors' }, { name: 'cors', enabled: false }] });
    expect(found).toEqual(
      expect.arrayContaining([
        'consumers.0.acls.1 ERR_UNIQUE_VIOLATION',
        'consumers.2.username ERR_UNIQUE_VIOLATION',
        'consumers.2.keyauth_credentials.0.key ERR_UNIQUE_VIOLATION',
        'upstreams.0.targets.1 ERR_UNIQUE_VIOLATION',
        'plugins.1 ERR_UNIQUE_VIOLATION',
      ]),
    );
    expect(JSON.stringify(validateDocument({ _format_version: '3.0', consumers }).problems)).not.toContain(
      'secret-value',
    );
  });

  it('wants records, not names, as SNIs of a certificate', () => {
    const found = problems({
      certificates: [{ cert: '{vault://env/c}', key: '{vault://env/k}', snis: ['a.b', { name: 'a.b' }] }],
    });
    expect(found).toEqual(['certificates.0.snis.0 ERR_FIELD_TYPE']);
  });
});
