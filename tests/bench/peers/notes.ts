/** What a reader must know to trust the table: how each contestant is set up, and what was not measured. */

import { ENOUGH_MS } from "./measuring.ts";
import { WATCHDOG_MS } from "./survivals.ts";

/** As Markdown. */
export const NOTES =
  `Medians, with the least and the most in parentheses; under each peer, how many times
ours its figure is: **above 1 we are ahead, below 1 we are behind**. The contestants take turns on one machine, so trust the
ratios more than the figures. The model is a server on loopback that answers at once. One who has spent ${
    ENOUGH_MS / 1_000
  } s on a row is not
asked again, so slow rows have fewer repetitions; what takes longer than the limit, or more than 60 % of the machine's
memory, is stopped and says so. Memory is that of all processes, shared pages divided among them.

- **DSPy** is \`dspy.RLM\` with its default \`PythonInterpreter\`. Interpreters are kept between rows of a cell, as its
  documentation allows. It gives each input anew with every turn. \`llm_query_batched\` has 8 threads and no setting for
  them. Its runner imports one module from deno.land, which no package registry has; an import map puts
  \`line_reader.ts\` in its place, and everything else of its default command stays.
- **DSPy, LocalInterpreter** is the same with a plain CPython subprocess: its documentation says that this is no sandbox,
  and that cells may read files, use the network and start processes as the user may.
- **alexzhang13/rlm** runs cells by \`exec\` in the program's own process: it is the floor of CPython, without
  isolation, and what its cells do, they do to the program. For cells that hang or kill it is given its \`IPythonREPL\` in a
  subprocess with a time limit of 2 s, the best that it documents for them; that is no sandbox either. Its isolated
  environments (Docker, Modal, Daytona, E2B, Prime) are services or need a container daemon, and are not measured.
  \`llm_query_batched\` has 16 calls open, with no setting that reaches it.
- **fast-rlm** offers whole runs only, so the rows of a cell have nothing of its own; the input of its runs is its one
  \`context\`. Each of its sub-calls is an agent with an interpreter of its own. Its engine takes a reader of YAML from
  JSR and its guests take wheels from a CDN, which not every machine reaches: an import map puts \`npm:yaml\` in place of the
  one, and the same versions from PyPI are put where it looks before the CDN. Its caps are raised, and its check of how far
  a prompt is compressed is off, which asks the model once more.
- **This project's** time limit is 2 s in the rows of cells that don't end (its default is 30 s), and \`concurrency\` is 64 for
  sub-calls (its default is 8). DSPy's sandbox has no time limit; the bench gives up after ${
    WATCHDOG_MS / 1_000
  } s, counted from when
  the interpreter is ready.
- **The floors** have no process of their own, no protocol and no limits: Pyodide in the thread that measures, and \`exec\` of
  CPython.`;
