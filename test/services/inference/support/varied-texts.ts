/** Texts at the edges of what an encoder is given. */
const EDGES: readonly string[] = [
  '',
  'a',
  '.',
  ' ',
  '\n\t\r',
  '\u0000',
  '\u0001\u0008\u000b\u000c\u001f\u007f\u0080\u009f',
  'a\u0000b\u0007c\u001bd',
  'x\u0085y\u000bz',
  'how do I roll back to a specific backup?',
  "don't stop, can't won't; rock'n'roll",
  'C++ & C# <tag attr="v"> {json: ["x", 1.5e-3]}',
  'https://example.com/a/b?c=d&e=%20#f user@example.com',
  'Ünïcödé façade naïve coöperate',
  'ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΥΣ ς',
  'İstanbul ISTANBUL ıI',
  'Привет, мир! ёЁ йЙ',
  '你好世界。今天天气很好',
  '東京は日本の首都です。カタカナ ｶﾀｶﾅ',
  '한국어 텍스트입니다',
  'mixed 中文 and English 和 日本語',
  'שלום עולם עם ניקוד שָׁלוֹם',
  'مرحبا بالعالم السَّلَامُ عَلَيْكُمْ',
  '\u202bright to left\u202c and \u200fback\u200e',
  'हिन्दी में पाठ',
  'ไทย ภาษาไทยไม่มีช่องว่าง',
  '👩‍👩‍👧‍👦 family 🇩🇪 flags 🏽 👍🏾 ❤️ ☺',
  '😀'.repeat(60),
  'a\u200bb\u200cc\u200dd\u00ade',
  '\ufeffbom \ufffd replacement \ufffe\uffff',
  'e\u0301\u0327 combine a\u030a Å \u212b',
  'ﬁ ﬂ ligature ½ ² ① Ⅳ ㎏',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛',
  '𠀀𠀁 rare 𪚥',
  'ẞ ß ǅ ŉ ſt',
  '[CLS] hello [SEP] world [MASK]ed [cls] [UNK] [PAD]',
  '“quotes” ‘single’ — dash … «guillemets» ¿qué? ¡sí!',
  '\u2028line\u2029para\u3000wide\u00a0nbsp\u2003em',
  '_under_score_ e-mail: a.b@c.de 1,234.56 $5 €6 ±7°',
  'a'.repeat(100),
  'a'.repeat(101),
  '1'.repeat(300),
  '!'.repeat(300),
  'word '.repeat(400),
  'The quick brown fox jumps over the lazy dog. '.repeat(60),
  '中'.repeat(500),
  `${'long '.repeat(251)}[SEP] at the edge`,
];

/** What lines are made of: one kind of character or word each. */
const ALPHABETS: readonly (readonly string[])[] = [
  'the of and to in a is that it was for on are as with his they at be this have from or one had by word but not what'.split(
    ' ',
  ),
  'database backup restore cluster tokenisation embedding checkpoint observability unbelievable internationalization'.split(
    ' ',
  ),
  'straße über größe naïve résumé façade niño čeština żółć Ångström smörgåsbord'.split(' '),
  'Москва привет данные резервная копия Ёлка'.split(' '),
  'Αθήνα ελληνικά δεδομένα ἀρχή'.split(' '),
  'שלום נתונים גיבוי'.split(' '),
  'مرحبا بيانات نسخة احتياطية'.split(' '),
  [...'数据库备份恢复模型推理服务器中文字符'],
  [...'データベースのバックアップを復元する'],
  '데이터 백업 복원 클러스터'.split(' '),
  'डेटा बैकअप ข้อมูล สำรอง தரவு'.split(' '),
  ['😀', '🎉', '👍🏽', '👨‍👩‍👧', '🇫🇷', '❤️', '🏳️‍🌈'],
  [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
  ['3.14', '1,000', '2026-11-21', '0x1F', '50%', 'v1.2.3', '#42', '12:30'],
  ['\u0000', '\u0007', '\u001b', '\u0085', '\u200b', '\u200d', '\u2060', '\u00ad', '\ufeff', '\ufffd'],
  ['[CLS]', '[SEP]', '[MASK]', '[PAD]', '[UNK]', '[cls]', '##ing', '##', '[', ']'],
  ['e\u0301', 'o\u0308\u0304', 'ﬁ', '½', '①', 'Ⅷ', '㎞', 'ｆｕｌｌ', 'ǆ', 'ẛ̣'],
];

const SPACES = [' ', ' ', ' ', ' ', ' ', '', '  ', '\t', '\n', '\r\n', '\u00a0', '\u3000', '\u2009'];

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Varied texts, the same for the same seed: first those at the edges, then mixtures of scripts, spaces, signs and single
 * code points of every plane that has characters.
 */
export function variedTexts(count: number, seed = 1): string[] {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T; // no list here is empty
  const line = (): string => {
    const kinds = Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(ALPHABETS));
    const length = 1 + Math.floor(next() ** 2 * 60);
    let text = '';
    for (let part = 0; part < length; part++) {
      const word = next() < 0.04 ? codePoint(next()) : pick(pick(kinds));
      text += (part === 0 ? '' : pick(SPACES)) + (next() < 0.1 ? word.toUpperCase() : word);
    }
    return text.toWellFormed();
  };
  const texts = EDGES.slice(0, count);
  while (texts.length < count) texts.push(line());
  return texts;
}

/** A character of the planes 0 to 3, or of the tags in plane 14. */
function codePoint(share: number): string {
  const point = Math.floor(share * 0x32000);
  return String.fromCodePoint(point < 0x30000 ? point : 0xe0000 + (point - 0x30000));
}
