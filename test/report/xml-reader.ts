/** XML 1.0 without a document type, read strictly: what is not well-formed throws. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: three of them are allowed, and no other
const character = /^[\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The root element of a whole document. */
export function readXml(document: string): XmlElement {
  if (!character.test(document)) throw new Error('a character that XML forbids');
  const reader = new Reader(document);
  reader.take(/<\?xml version="1\.0" encoding="UTF-8"\?>\s*/y);
  const root = reader.element();
  reader.take(/\s*/y);
  if (!reader.isAtEnd()) throw new Error('something behind the root');
  return root;
}

class Reader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  take(pattern: RegExp): RegExpExecArray {
    const found = this.tryTake(pattern);
    if (found === null) throw new Error(`${pattern} expected: ${this.#text.slice(this.#at, this.#at + 60)}`);
    return found;
  }

  tryTake(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  element(): XmlElement {
    const [, name = ''] = this.take(/<([a-z-]+)/y);
    const attributes: Record<string, string> = {};
    for (let found = this.#attribute(); found !== null; found = this.#attribute()) {
      const [, key = '', value = ''] = found;
      if (key in attributes) throw new Error(`${key} twice`);
      attributes[key] = resolve(value);
    }
    if (this.tryTake(/\/>/y) !== null) return { name, attributes, children: [], text: '' };
    this.take(/>/y);
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      const [run = ''] = this.take(/[^<]*/y);
      if (run.includes(']]>')) throw new Error('an end of CDATA in a text');
      text += resolve(run);
      if (this.tryTake(/<!--(?:(?!--)[\s\S])*-->/y) !== null) continue;
      if (this.tryTake(/<\/([a-z-]+)>/y)?.[1] === name) return { name, attributes, children, text };
      children.push(this.element());
    }
  }

  #attribute(): RegExpExecArray | null {
    return this.tryTake(/ ([a-z]+)="([^"<]*)"/y);
  }
}

function resolve(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const read = entities[name];
    if (read === undefined || !whole.endsWith(';')) throw new Error(`reference ${whole}`);
    return read;
  });
}
