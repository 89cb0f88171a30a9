import { describe, expect, it } from '@jest/globals';
import { checkExpression } from './check.ts';

const http = { subsystem: 'http', since37: true } as const;

describe('checkExpression', () => {
  it.each([
    'http.path == "/a"',
    'http.path ^= "/a" && (http.host =^ ".b" || net.dst.port != 80)',
    '((http.method == "GET"))',
    '!(http.host == "a") && !(http.host == "b")',
    'lower(http.path) == "/a"',
    'any(lower(http.headers.x_a)) ~ r#"^a"b$"#',
    'http.headers.X_A contains "a\\"b\\\\\\n"',
    'http.queries.q == "1"',
    'net.src.ip == 10.0.0.1',
    'net.src.ip in 10.0.0.0/8',
    'net.dst.ip not in fe80::/10',
    'net.src.ip == ::1',
    'net.src.ip in10.0.0.0/8',
    'net.src.ip in fe80::/010',
    'net.src.port == 0777777777777777777777',
    'net.src.port == 08',
    'net.port == 0x50',
    'net.src.port >= 1024&&net.src.port<2000',
    'http.path.segments.0 == "a"',
    'http.path.segments.0_2 == "a/b"',
    'http.path.segments.len == 2',
    'tls.sni == "a" && net.protocol == "https"',
  ])('accepts %s', (text) => {
    expect(checkExpression(text, http)).toBeUndefined();
  });

  it.each([
    ['', 'expected term'],
    ['true', 'expected binary_operator'],
    ['http.path ==', 'expected rhs'],
    ['http.path == /a/', 'expected rhs'],
    ["http.path == 'a'", 'expected rhs'],
    ['http.path == "a', 'expected rhs'],
    ['http.path == "a\\q"', 'expected str_esc'],
    ['http.path == "/a" foo', 'expected EOI'],
    ['http.path == "/a" // c', 'expected EOI'],
    ['(http.path == "/a"', 'expected and_op or or_op'],
    ['http.headers.x-a == "1"', 'expected binary_operator'],
    ['http.host in ["a"]', 'expected rhs'],
    ['http.host in "a"', 'Type mismatch'],
    ['http.path == 1', 'Type mismatch'],
    ['net.dst.port == "80"', 'Type mismatch'],
    ['net.src.ip == "10.0.0.1"', 'Type mismatch'],
    ['net.src.ip in 10.0.0.1', 'Type mismatch'],
    ['net.src.ip == 10.0.0.256', 'IP address'],
    ['net.src.ip in 10.0.0.0/33', 'IP address'],
    ['net.src.ip in 10.0.0.1/8', 'host part'],
    ['net.src.ip in fe80::1/10', 'host part'],
    ['net.src.ip in ::1/0', 'host part'],
    ['net.src.ip not  in 10.0.0.0/8', 'binary_operator'],
    ['net.src.ip == ::ffff:1.2.3.4', 'expected EOI'],
    ['net.src.port == 019', 'expected EOI'],
    ['net.src.port == -9223372036854775808', 'too large'],
    ['http.headers.a.b == "1"', 'Unknown LHS field'],
    ['http.path.segments.01 == "a"', 'illformed'],
    ['http.path.segments.0_0 == "a"', 'illformed'],
    ['net.dst.port == 9223372036854775808', 'too large'],
    ['http.nope == "a"', 'Unknown LHS field'],
    ['upper(http.path) == "a"', 'unknown function'],
    ['lower(net.dst.port) == 1', 'lower-case'],
    ['http.path ~ "["', 'regex parse error'],
    ['http.path.segments.x == "a"', 'illformed'],
    ['http.path.segments.2_1 == "a"', 'illformed'],
    ['!http.path == "a"', 'parenthesised'],
  ])('refuses %s', (text, reason) => {
    expect(checkExpression(text, http)).toContain(reason);
  });

  it('knows no http fields in streams', () => {
    expect(checkExpression('http.path == "/a"', { ...http, subsystem: 'stream' })).toBe('Unknown LHS field');
  });

  it('knows neither negation nor segments before 3.7', () => {
    const old = { subsystem: 'both', since37: false } as const;
    expect(checkExpression('!(http.host == "a")', old)).toContain('expected term');
    expect(checkExpression('http.path.segments.0 == "a"', old)).toBe('Unknown LHS field');
  });

  it('survives deep nesting', () => {
    expect(checkExpression('('.repeat(100_000), http)).toContain('nested too deeply');
  });
});
