/** Documents that are no text: what becomes of them, and the one line that answers a broken or encrypted one. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { strToU8, zipSync } from "npm:fflate@0.8.2";
import * as xlsx from "npm:xlsx@0.18.5";
import { decode } from "../lib/cli/decode.ts";
import { readPage } from "../lib/cli/documents.ts";
import { loadContexts } from "../lib/cli/context.ts";
import { UsageError } from "../lib/cli/usage_error.ts";

const MAX_BYTES = 1_000_000;

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A PDF with a page for each text. */
function pdf(pages: readonly string[], encryption = ""): Uint8Array<ArrayBuffer> {
  const kids = pages.map((_, n) => `${4 + 2 * n} 0 R`).join(" ");
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ...pages.flatMap((text, n) => {
      const stream = text === "" ? "" : `BT /F1 24 Tf 72 700 Td (${text}) Tj ET`;
      const resources = "/Resources<</Font<</F1 3 0 R>>>>";
      return [
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents ${5 + 2 * n} 0 R${resources}>>`,
        `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
      ];
    }),
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, n) => {
    const offset = file.length;
    file += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n `;
  });
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("\n")}`;
  return latin1(
    `${file}${table}\ntrailer<</Size ${size}/Root 1 0 R${encryption}>>\nstartxref\n${file.length}\n%%EOF`,
  );
}

/** A Word document with a paragraph for each text. */
function docx(paragraphs: readonly string[]): Uint8Array<ArrayBuffer> {
  const type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
  const main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
  const body = paragraphs.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join("");
  return new Uint8Array(zipSync({
    "[Content_Types].xml": strToU8(
      `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    ),
    "_rels/.rels": strToU8(
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="${type}" Target="word/document.xml"/></Relationships>`,
    ),
    "word/document.xml": strToU8(
      `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    ),
  }));
}

/** An Excel workbook in the new or the old format. */
function workbook(
  sheets: Record<string, unknown[][]>,
  bookType: "xlsx" | "xls",
): Uint8Array<ArrayBuffer> {
  const book = xlsx.utils.book_new();
  for (const [name, rows] of Object.entries(sheets)) {
    xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(rows), name);
  }
  return new Uint8Array(xlsx.write(book, { type: "array", bookType }));
}

async function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await assertRejects(() => decode(bytes, "f", MAX_BYTES), UsageError)).message;
}

Deno.test("A PDF is its pages' text, parted by form feeds", async () => {
  assertEquals(await decode(pdf(["First page", "Second page"]), "f.pdf", MAX_BYTES), {
    value: "First page\fSecond page",
    note: "text of a PDF of 2 pages, parted by form feeds",
  });
});

Deno.test("A Word document is the text of its paragraphs", async () => {
  assertEquals(await decode(docx(["One", "Two"]), "f.docx", MAX_BYTES), {
    value: "One\n\nTwo\n\n",
    note: "text of a Word document",
  });
});

Deno.test("An Excel workbook is its sheets as CSV, each under its name, in both formats", async () => {
  const sheets = { Sales: [["city", "sum"], ["Oslo, N", 3]], Empty: [["x"]] };
  for (const format of ["xlsx", "xls"] as const) {
    assertEquals(await decode(workbook(sheets, format), "f", MAX_BYTES), {
      value: '# Sales\ncity,sum\n"Oslo, N",3\n\n# Empty\nx',
      note: "2 sheets of an Excel workbook, as CSV",
    });
  }
});

Deno.test("A web page is what a person reads of it, and other text is none", async () => {
  const page = "<!DOCTYPE html><html><head><title>t</title><style>p{}</style></head><body>" +
    "<p>Fish &amp; chips</p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table>";
  assertEquals(await readPage(page), "Fish & chips\n\na   b");
  assertEquals(await readPage("a < b and <html> in the midst of it"), null);
});

Deno.test("A page is source in a folder, and text when it is named itself", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/page.html`;
    await Deno.writeTextFile(file, "<html><body><p>Hello</p></body></html>");
    const load = (source: string) =>
      loadContexts([{ name: null, source }], { maxBytes: MAX_BYTES });
    const [named] = await load(file);
    assertEquals([named?.value, named?.notes], ["Hello", [`${file}: text of a web page`]]);
    const [all] = await load(folder);
    assertEquals(all?.value, { [file]: "<html><body><p>Hello</p></body></html>" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A damaged document ends in one line that says what it should be", async () => {
  assertEquals(
    await refusal(latin1("%PDF-1.4 and then nothing")),
    "cannot read f: the PDF is damaged (Invalid PDF structure.), open and save it anew",
  );
  // What the directory at the end names is not where it says any more.
  const torn = (bytes: Uint8Array) => new Uint8Array([...bytes.slice(0, 60), ...bytes.slice(260)]);
  const word = await refusal(torn(docx(["One"])));
  assertMatch(
    word,
    /^cannot read f: the Word document is damaged \([^\n]+\), open and save it anew$/,
  );
  const book = await refusal(torn(workbook({ S: [["x"]] }, "xlsx")));
  assertMatch(
    book,
    /^cannot read f: the Excel workbook is damaged \([^\n]+\), open and save it anew$/,
  );
});

Deno.test("An encrypted document ends in one line that says how to open it", async () => {
  const secret = `<${"00".repeat(32)}>`;
  const encryption = `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O${secret}/U${secret}/P -4>>`;
  assertEquals(
    await refusal(pdf(["Secret"], encryption)),
    "cannot read f: it is encrypted, remove its password, as in qpdf --decrypt",
  );
  const office = latin1(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${[..."EncryptedPackage"].join("\0")}`);
  assertEquals(await refusal(office), "cannot read f: it is encrypted, save it without a password");
});

Deno.test("A PDF of pictures, and text beyond the cap, are refused with the remedy", async () => {
  assertEquals(
    await refusal(pdf(["", ""])),
    "cannot read f: its 2 pages are pictures, make text of them first, as with ocrmypdf",
  );
  const long = docx(["word ".repeat(1000)]);
  const { message } = await assertRejects(() => decode(long, "f", 2000), UsageError);
  assertEquals(message, "cannot take f: more than 0 MB, give less or raise --max-context-mb");
});
