/** Inline code or a code block, and where it ends. */
export interface Code {
  end: number;
  block: boolean;
  text: string;
  language?: string;
}

const LANGUAGE = /([a-z0-9_+\-.#]{1,40})\n/iy;

/** Finds the code that begins at a backtick; every search together takes linear time. */
export class CodeFinder {
  private readonly src: string;
  private readonly allowBlocks: boolean;
  /** The starts of the runs of backticks, by their length. */
  private readonly runs = new Map<number, number[]>();
  /** From here on there is no closing fence. */
  private noFenceFrom = Infinity;

  constructor(src: string, allowBlocks: boolean) {
    this.src = src;
    this.allowBlocks = allowBlocks;
    for (let at = src.indexOf("`"); at >= 0;) {
      const length = this.runLength(at);
      const known = this.runs.get(length);
      if (known) known.push(at);
      else this.runs.set(length, [at]);
      at = src.indexOf("`", at + length);
    }
  }

  /** How many backticks stand at `at`. */
  runLength(at: number): number {
    let end = at;
    while (this.src[end] === "`") end += 1;
    return end - at;
  }

  /** The code whose backticks begin at `at`. */
  find(at: number): Code | undefined {
    const block = this.allowBlocks && this.src.startsWith("```", at);
    return (block ? this.findBlock(at) : undefined) ?? this.findInline(at);
  }

  private findBlock(at: number): Code | undefined {
    const { src } = this;
    LANGUAGE.lastIndex = at + 3;
    const language = LANGUAGE.exec(src)?.[1];
    let start = at + 3 + (language === undefined ? 0 : language.length + 1);
    while (src[start] === "\n") start += 1;
    if (start >= this.noFenceFrom) return undefined;
    const close = src.indexOf("```", start + 1);
    if (close < 0) {
      this.noFenceFrom = start;
      return undefined;
    }
    let end = close;
    while (src[end - 1] === "\n") end -= 1;
    const text = src.slice(start, end);
    return { end: close + 3, block: true, text, ...(language === undefined ? {} : { language }) };
  }

  private findInline(at: number): Code | undefined {
    const length = this.runLength(at);
    const close = after(this.runs.get(length) ?? [], at);
    if (close === undefined) return undefined;
    const text = this.src.slice(at + length, close);
    return { end: close + length, block: false, text: unpadded(text) };
  }
}

/** The first of the ascending positions that lies behind `at`. */
function after(positions: number[], at: number): number | undefined {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return positions[low];
}

/** A space keeps a backtick within the code apart from those around it. */
function unpadded(text: string): string {
  const from = text.startsWith(" ") && text.trimStart().startsWith("`") ? 1 : 0;
  const to = text.endsWith(" ") && text.trimEnd().endsWith("`") ? -1 : undefined;
  return text.slice(from, to);
}
