/** Which names of Unicode properties the two engines know; the tables are those of this JavaScript engine. */

const pcreCategory = /^(?:C[cfnos]?|L[lmotu&]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|X(?:an|ps|sp|uc|wd)|Any)$/i;
const bidiClass =
  /^(?:(?:bidi_?class|bc)[=:]|bidi_?)(?:AL|AN|B|BN|CS|EN|ES|ET|FSI|L|LRE|LRI|LRO|NSM|ON|PDF|PDI|R|RLE|RLI|RLO|S|WS)$/i;
const known = new Map<string, boolean>();

/** Names in PCRE: short general categories, scripts, binary properties. */
export function isPcreProperty(text: string): boolean {
  const name = text.replace(/^\s*\^/, '').trim();
  if (pcreCategory.test(name) || bidiClass.test(name)) return true;
  const value = /^(?:script|sc|scriptextensions|scx)[=:](.+)$/i.exec(name)?.[1] ?? name;
  return isKnown(value, ['Script=', '']) && !isGeneralCategory(value);
}

/** Names in Rust's `regex`: categories, scripts and binary properties, long or short, however written. */
export function isRustProperty(text: string): boolean {
  const pair = /^([^=:!]+)(?:!=|=|:)(.+)$/.exec(text);
  if (pair === null) return isKnown(text, ['', 'Script=', 'General_Category=']);
  const property = (pair[1] ?? '').toLowerCase().replaceAll(/[\s_-]/g, '');
  const value = pair[2] ?? '';
  if (property === 'script' || property === 'sc') return isKnown(value, ['Script=']);
  if (property === 'scriptextensions' || property === 'scx') return isKnown(value, ['Script_Extensions=']);
  return (property === 'generalcategory' || property === 'gc') && isKnown(value, ['General_Category=']);
}

function isGeneralCategory(name: string): boolean {
  return isKnown(name, ['General_Category=']) && !isKnown(name, ['Script=']);
}

function isKnown(name: string, prefixes: readonly string[]): boolean {
  return spellings(name).some((spelling) => prefixes.some((prefix) => compiles(prefix + spelling)));
}

/** Both engines compare names loosely; JavaScript does not. */
function spellings(name: string): readonly string[] {
  const words = name.split(/[\s_-]+/).filter((word) => word !== '');
  const capital = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('_');
  return [name, capital, name.toUpperCase()];
}

function compiles(property: string): boolean {
  if (!/^[A-Za-z0-9_=]+$/.test(property) || property.length > 64) return false;
  const before = known.get(property);
  if (before !== undefined) return before;
  let good = true;
  try {
    RegExp(`\\p{${property}}`, 'u');
  } catch {
    good = false;
  }
  if (known.size >= 1024) known.clear();
  known.set(property, good);
  return good;
}
