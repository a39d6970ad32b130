/** What a row's figure is made of, what its floor is, and what would be needed to come nearer; by the row's name. */

/** As Markdown, without the number that names of rows of one kind end with. */
export const EXPLANATIONS: Readonly<Record<string, string>> = {
  start:
    "A process of Deno's, the interpreter's memory read from the cache and restored, Python's realm shut in before the first " +
    "cell. Peers without a sandbox have nothing to start: their figure is that of importing a module. " +
    "A pool of warm sandboxes (`SandboxPool`) takes this out of a run's way.",
  cell:
    "Two hops each way: a pipe into the child, a port into the worker that holds Python. The rest is the deadline, the capture " +
    "of output, and the encoding of the result inside Python. Plain Pyodide has no hop, and `exec` no interpreter of another kind.",
  tool:
    "The same two hops, once for the call and once for its reply, which Python's thread sleeps for where nothing else of the cell " +
    "could run; the larger part is turns of three event loops. Arguments are checked against the tool's schema before its " +
    "function runs. Without a sandbox a tool is a function call.",
  tools8: "The longest tool, and what it takes to have all eight open at once. " +
    "In a sandbox of one thread that needs stack switching; threads of CPython do it too.",
  input:
    "The text is encoded once, written in pieces into Python's memory, and decoded there. Later turns send nothing. " +
    "Plain Pyodide copies it too, within one process and up to 128 MiB; without a sandbox it is a reference or a file.",
  run10:
    "Building the prompt, the request to the loopback server, parsing the reply, and the cell, which counts a word in 10 MB: " +
    "that part is Python's own. Peers that send the input anew with each turn pay for it each time. " +
    "The prompt tells the model what is in reach and how to ask for it, and its length is paid for once where the provider caches it.",
  subcalls:
    "An ideal schedule has 64 calls open at any time. What is added are the requests themselves: each is made, sent, " +
    "answered and counted by one thread that also serves the loopback model.",
  runs20:
    "Twenty sandboxes of their own that start at the same time on the machine's cores, each for about 0.7 s of CPU time, and a first " +
    "checkpoint of each for another 0.1 s; with cores to spare, time shrinks to that of the slowest run. Peers without a sandbox start nothing.",
  rest:
    "Deno's program and V8's heaps for two realms, and the pages of Python's memory that hold anything. " +
    "A further sandbox shares the program's pages with the first.",
  resume:
    "The new program reads the journal, starts a sandbox from the last checkpoint and asks the model only what nobody " +
    "answered. With an instant model the time says little: what is paid for again is the figure that matters.",
};
