// CRC-32 is a polynomial over GF(2) modulo P, bits reversed: the checksum of `a` followed by `b` is
// crc(a) * x^(8 * length of b) mod P, plus (exclusive or) crc(b). See RFC 1952 for P.
const POLYNOMIAL = 0xedb88320;
const ONE = 0x8000_0000; // x^0, in reversed bits
const X = 0x4000_0000; // x^1

/** Product of two polynomials modulo P. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** x^(2^n) for n from 0 to 31. */
const powers: readonly number[] = squares(X, 32);

function squares(first: number, count: number): number[] {
  const list = [first];
  for (let last = first; list.length < count; list.push(last)) last = multiply(last, last);
  return list;
}

/** What a checksum is multiplied with when `byteLength` bytes follow: x^(8 * byteLength) mod P. */
export function shiftFor(byteLength: number): number {
  let shift = ONE;
  // 8 * byteLength is byteLength times 2^3, so the powers start at the third.
  for (let rest = byteLength, n = 3; rest > 0; rest = Math.floor(rest / 2), n += 1) {
    if (rest % 2 === 1) shift = multiply(powers[n % 32] ?? ONE, shift);
  }
  return shift;
}

/** The CRC-32 of two texts in a row, from theirs; `secondShift` is `shiftFor` of the second's length. */
export const combineCrc32 = (first: number, second: number, secondShift: number): number =>
  (multiply(secondShift, first) ^ second) >>> 0;
