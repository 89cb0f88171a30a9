import { describe, expect, it } from '@jest/globals';
import type { IngressPath, PathType } from '../kubernetes/ingress.ts';
import { defaultBackendMatch, expressionRoute } from './expression-route.ts';

function path(pathType: PathType, text: string): IngressPath {
  return { path: text, pathType, location: [] };
}

function route(host: string, paths: readonly IngressPath[], regexPrefix?: string) {
  return expressionRoute({ hosts: host === '' ? [] : [host], paths, regexPrefix });
}

describe('expressionRoute', () => {
  it('writes hosts and paths as in the worked example', () => {
    const { expression } = route('shop.example.com', [path('Prefix', '/cart'), path('Exact', '/health')]);
    expect(expression).toBe(
      '(http.host == "shop.example.com") && (((http.path == "/cart") || (http.path ^= "/cart/")) || (http.path == "/health"))',
    );
  });

  it.each([
    ['h.com', 'Exact', '/', 57178899677185],
    ['h.com', 'ImplementationSpecific', '/', 57178899611649],
    ['h.com', 'Exact', '/whatever', 57178899677193],
    ['h.com', 'ImplementationSpecific', '/~/foo/\\d{3}', 57178899677194],
    ['', 'Exact', '/beta', 54975581454341],
    ['*.example.com', 'Prefix', '/a', 57174604709891],
  ] as const)('gives host "%s" with %s %s priority %d', (host, pathType, text, priority) => {
    expect(route(host, [path(pathType, text)]).priority).toBe(priority);
  });

  it('anchors regular expressions, also an empty one', () => {
    expect(route('', [path('ImplementationSpecific', '/~/a')]).expression).toBe('http.path ~ "^/a"');
    expect(route('', [path('ImplementationSpecific', '/~^/a')]).expression).toBe('http.path ~ "^/a"');
    expect(route('', [path('ImplementationSpecific', '/~')]).expression).toBe('http.path ~ "^/"');
  });

  it('knows regular expressions among implementation-specific paths only, an empty prefix being the default', () => {
    expect(route('', [path('Prefix', '/~foo')]).expression).toBe('(http.path == "/~foo") || (http.path ^= "/~foo/")');
    expect(route('', [path('ImplementationSpecific', '/~/a')], '').expression).toBe('http.path ~ "^/a"');
    expect(route('', [path('ImplementationSpecific', '/@/a')], '/@').expression).toBe('http.path ~ "^/a"');
  });

  it('escapes what would end a string, and line breaks', () => {
    const { expression } = route('', [path('ImplementationSpecific', '/"\\\n\r\t')]);
    expect(expression).toBe(String.raw`http.path ^= "/\"\\\n\r\t"`);
  });

  it('leaves out hosts of a form it does not know, but counts them', () => {
    expect(route('xn--bcher.example', [path('Prefix', '/')])).toEqual({
      expression: 'http.path ^= "/"',
      priority: 3 * 2 ** 44 + 2 * 2 ** 41 + 2 ** 32 + 2 ** 16 + 1,
    });
    expect(route('example.*', [path('Prefix', '/')]).expression).toBe(
      '(http.host == "example.*") && (http.path ^= "/")',
    );
    expect(route('*.example.com', [path('Prefix', '/')]).expression).toBe(
      '(http.host =^ ".example.com") && (http.path ^= "/")',
    );
  });

  it('measures paths in bytes, up to 65535', () => {
    const base = 3 * 2 ** 44 + 2 ** 41;
    expect(route('', [path('ImplementationSpecific', '/ü')]).priority).toBe(base + 3);
    expect(route('', [path('ImplementationSpecific', `/${'x'.repeat(70_000)}`)]).priority).toBe(base + 65_535);
  });

  it('gives the default backend the lowest priority', () => {
    expect(defaultBackendMatch).toEqual({ expression: 'http.path ^= "/"', priority: 0 });
  });
});
