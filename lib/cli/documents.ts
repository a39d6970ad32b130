/**
 * Text of documents that are no text: PDF, Word, Excel and web pages. The libraries that read them are loaded when the
 * first such document comes, and are not part of the module graph: nobody else has to download them.
 */
import { UsageError } from "./usage_error.ts";

/** A document's text, and in words what it was. */
export interface DocumentText {
  readonly text: string;
  readonly note: string;
}

/** Reads a document by its first bytes; null when it is none that is known. */
export async function readDocument(
  bytes: Uint8Array<ArrayBuffer>,
  origin: string,
): Promise<DocumentText | null> {
  const kind = kindOf(bytes);
  if (kind === null) return null;
  if (kind === "encrypted") throw encrypted(origin, "save it without a password");
  try {
    return await READERS[kind](bytes, origin);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof Error && error.name === "PasswordException") {
      throw encrypted(origin, "remove its password, as in qpdf --decrypt");
    }
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UsageError(
      `cannot read ${origin}: the ${NAMES[kind]} is damaged (${why}), open and save it anew`,
      { cause: error },
    );
  }
}

/** The text of a web page as a person reads it; null when the text is no page. */
export async function readPage(text: string): Promise<string | null> {
  if (!/^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b/is.test(text)) return null;
  const { convert } = await load<HtmlToText>("npm:html-to-text@10.0.1", "the page");
  const skip = ["img", "nav", "script", "style"].map((selector) => ({ selector, format: "skip" }));
  const tables = { selector: "table", format: "dataTable" };
  return convert(text, { wordwrap: false, selectors: [...skip, tables] });
}

type Kind = "pdf" | "docx" | "xlsx";

const NAMES: Readonly<Record<Kind, string>> = {
  pdf: "PDF",
  docx: "Word document",
  xlsx: "Excel workbook",
};

/** The directory of a zip file is at its end, and names its parts. */
const DIRECTORY_BYTES = 65_536;

function kindOf(bytes: Uint8Array): Kind | "encrypted" | null {
  const ascii = new TextDecoder("latin1");
  const head = ascii.decode(bytes.subarray(0, 5));
  if (head === "%PDF-") return "pdf";
  if (head.startsWith("PK\x03\x04")) {
    const directory = ascii.decode(bytes.subarray(-DIRECTORY_BYTES));
    if (directory.includes("word/document.xml")) return "docx";
    return directory.includes("xl/workbook.") ? "xlsx" : null;
  }
  // Office wraps what it encrypts into its older format, whose names are in UTF-16.
  if (!head.startsWith("\xd0\xcf\x11\xe0")) return null;
  const text = ascii.decode(bytes);
  if (text.includes([..."EncryptedPackage"].join("\0"))) return "encrypted";
  return text.includes([..."Workbook"].join("\0")) ? "xlsx" : null;
}

const READERS: Readonly<
  Record<Kind, (bytes: Uint8Array<ArrayBuffer>, origin: string) => Promise<DocumentText>>
> = { pdf: readPdf, docx: readDocx, xlsx: readXlsx };

/** Pages are parted by form feeds, so that code can tell which page a passage is on. */
async function readPdf(bytes: Uint8Array<ArrayBuffer>, origin: string): Promise<DocumentText> {
  const { getDocumentProxy, extractText } = await load<Unpdf>("npm:unpdf@1.8.1", origin);
  // A copy, because the library takes the bytes away from their owner.
  const document = await getDocumentProxy(bytes.slice(), { verbosity: 0 });
  const { text: pages } = await extractText(document, { mergePages: false });
  if (pages.every((page) => page.trim() === "")) {
    throw new UsageError(
      `cannot read ${origin}: its ${pages.length} pages are pictures, make text of them first, as with ocrmypdf`,
    );
  }
  const parted = pages.length > 1 ? ", parted by form feeds" : "";
  return { text: pages.join("\f"), note: `text of a PDF of ${pages.length} pages${parted}` };
}

async function readDocx(bytes: Uint8Array<ArrayBuffer>, origin: string): Promise<DocumentText> {
  const { default: mammoth } = await load<Mammoth>("npm:mammoth@1.9.1", origin);
  const { value } = await mammoth.extractRawText({ buffer: bytes });
  return { text: value, note: "text of a Word document" };
}

/** Each sheet under its name, as CSV. */
async function readXlsx(bytes: Uint8Array<ArrayBuffer>, origin: string): Promise<DocumentText> {
  const { read, utils } = await load<Xlsx>("npm:xlsx@0.18.5", origin);
  const { SheetNames: names, Sheets: sheets } = read(bytes, { type: "array" });
  const texts = names.map((name) => `# ${name}\n${utils.sheet_to_csv(sheets[name])}`);
  return { text: texts.join("\n\n"), note: `${names.length} sheets of an Excel workbook, as CSV` };
}

/** Loads a library at the version that was tried. */
async function load<T>(specifier: string, origin: string): Promise<T> {
  try {
    // A specifier that is not literal keeps the library out of the module graph, and its types with it.
    return await import(specifier) as T;
  } catch (error) {
    throw new UsageError(
      `cannot read ${origin}: ${specifier} cannot be loaded, connect to the network once, or make text of the file first`,
      { cause: error },
    );
  }
}

function encrypted(origin: string, remedy: string): UsageError {
  return new UsageError(`cannot read ${origin}: it is encrypted, ${remedy}`);
}

/** What is used of each library. */
interface Unpdf {
  getDocumentProxy(bytes: Uint8Array, options: { readonly verbosity: number }): Promise<unknown>;
  extractText(
    document: unknown,
    options: { readonly mergePages: false },
  ): Promise<{ readonly text: readonly string[] }>;
}

interface Mammoth {
  readonly default: {
    extractRawText(input: { readonly buffer: Uint8Array }): Promise<{ readonly value: string }>;
  };
}

interface Xlsx {
  read(
    bytes: Uint8Array,
    options: { readonly type: "array" },
  ): { readonly SheetNames: readonly string[]; readonly Sheets: Readonly<Record<string, unknown>> };
  readonly utils: { sheet_to_csv(sheet: unknown): string };
}

interface HtmlToText {
  convert(html: string, options: Readonly<Record<string, unknown>>): string;
}
