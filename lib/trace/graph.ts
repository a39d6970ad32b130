/** A run as a graph: a node for each run, turn, cell and call, an edge from each to what asked for it. */
import type { RlmEvent } from "./events.ts";
import { costsOf } from "./span_costs.ts";
import { spansOf } from "./spans.ts";

/** A node of the graph. */
export interface GraphNode {
  /** Unique in the run. */
  readonly id: string;
  /** What it is. */
  readonly kind: "run" | "turn" | "model" | "cell" | "tool";
  /** The turn's number, the model's or the tool's name. */
  readonly label: string;
  /** `open` when its end is not known. */
  readonly status: "ok" | "failed" | "open";
  /** Depth of its run, 0 at the root. */
  readonly depth: number;
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  /** Milliseconds since the Unix epoch; null while it is open. */
  readonly end: number | null;
  /** Model calls in it and below it. */
  readonly calls: number;
  /** Tokens of their prompts. */
  readonly inputTokens: number;
  /** Tokens of their replies. */
  readonly outputTokens: number;
  /** US dollars; null as soon as one price is unknown. */
  readonly cost: number | null;
}

/** An edge from a node to one that it asked for. */
export interface GraphEdge {
  /** `id` of the node that asked. */
  readonly source: string;
  /** `id` of the node that was asked for. */
  readonly target: string;
}

/** The nodes and edges of a run. */
export interface RunGraph {
  /** Each after the one that asked for it. */
  readonly nodes: readonly GraphNode[];
  /** One for each node but the outermost run. */
  readonly edges: readonly GraphEdge[];
}

/** The graph of a run, children included; texts are left out. */
export function graphOf(events: readonly RlmEvent[]): RunGraph {
  const spans = spansOf(events);
  const costs = costsOf(spans);
  return {
    nodes: spans.map(({ id, kind, name, status, depth, start, end }) => {
      const { calls, input, output, cost } = costs.get(id) ??
        { calls: 0, input: 0, output: 0, cost: 0 };
      return {
        id,
        kind,
        label: name,
        status,
        depth,
        start,
        end,
        calls,
        inputTokens: input,
        outputTokens: output,
        cost,
      };
    }),
    edges: spans.flatMap(({ id, parentId }) =>
      parentId === null ? [] : [{ source: parentId, target: id }]
    ),
  };
}

/** What a node of GraphML has, by the type that it is declared with. */
const ATTRIBUTES: readonly (readonly [keyof GraphNode, "string" | "int" | "long" | "double"])[] = [
  ["kind", "string"],
  ["label", "string"],
  ["status", "string"],
  ["depth", "int"],
  ["start", "double"],
  ["end", "double"],
  ["calls", "int"],
  ["inputTokens", "long"],
  ["outputTokens", "long"],
  ["cost", "double"],
];

/** The graph of a run as GraphML, for yEd, Gephi, Cytoscape and NetworkX. What is null is left out. */
export function graphmlOf(events: readonly RlmEvent[]): string {
  const { nodes, edges } = graphOf(events);
  const keys = ATTRIBUTES.map(([name, type]) =>
    `  <key id="${name}" for="node" attr.name="${name}" attr.type="${type}"/>`
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    ...keys,
    '  <graph id="run" edgedefault="directed">',
    ...nodes.flatMap((node) => [
      `    <node id="${escapeXml(node.id)}">`,
      ...ATTRIBUTES.filter(([name]) => node[name] !== null).map(([name]) =>
        `      <data key="${name}">${escapeXml(String(node[name]))}</data>`
      ),
      "    </node>",
    ]),
    ...edges.map(({ source, target }) =>
      `    <edge source="${escapeXml(source)}" target="${escapeXml(target)}"/>`
    ),
    "  </graph>",
    "</graphml>",
    "",
  ].join("\n");
}

/** Text fit for XML, which has no form at all for most control characters. */
function escapeXml(text: string): string {
  return text.toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
