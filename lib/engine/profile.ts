/** Profiles: how the prompt speaks to one kind of model, as data. */

/** The names of the built-in profiles. */
export type ProfileName = "default" | "weakCoder" | "smallWindow" | "noSubCalls" | "deep";

/** What differs between kinds of models. */
export interface Profile {
  /** The profile's name. */
  readonly name: string;
  /** Offer `llm_query` and its kin, and `rlm_query` where the depth allows it. */
  readonly subCalls: boolean;
  /** Characters of text that one sub-call's prompt should carry. */
  readonly charsPerPrompt: number;
  /** Prompts that one batch should hold. */
  readonly promptsPerBatch: number;
  /** Characters of each input that the first message shows. */
  readonly previewChars: number;
  /** Characters of a cell's output that go back; the run's own option wins. */
  readonly maxOutputChars: number;
  /** Share of the model's window at which the conversation is compacted. */
  readonly compactAt: number;
  /** Further rules of work, one sentence or two each, after the common ones. */
  readonly advice: readonly string[];
  /** A worked example shows the shape of a good run. */
  readonly example: boolean;
}

const DEFAULT: Profile = {
  name: "default",
  subCalls: true,
  charsPerPrompt: 100_000,
  promptsPerBatch: 20,
  previewChars: 1_000,
  maxOutputChars: 10_000,
  compactAt: 0.85,
  advice: [],
  example: true,
};

/** The built-in profiles. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  default: DEFAULT,
  weakCoder: {
    ...DEFAULT,
    name: "weakCoder",
    advice: [
      "Keep cells short: five to fifteen lines that do one thing. Build on variables of earlier cells.",
      "Inside a prompt that is a Python string, use no triple quotes and no code fences; join short strings instead.",
      "When a cell fails, read the last line of the traceback, fix that line, and run the cell again.",
      "Do not call llm_query in a loop over single lines or rows: join many rows into one prompt.",
    ],
  },
  smallWindow: {
    ...DEFAULT,
    name: "smallWindow",
    charsPerPrompt: 12_000,
    promptsPerBatch: 50,
    previewChars: 400,
    maxOutputChars: 3_000,
    compactAt: 0.7,
    advice: [
      "Your own window is small, and so is that of the models that you ask: print little, a few lines at a time.",
      "Think in two or three sentences, then write the block.",
    ],
  },
  noSubCalls: {
    ...DEFAULT,
    name: "noSubCalls",
    subCalls: false,
    advice: [
      "No other model can be asked here. Find the few passages that matter with Python, print them in parts, " +
      "read them yourself, and write down what you learnt in a variable.",
    ],
  },
  deep: {
    ...DEFAULT,
    name: "deep",
    advice: [
      "Write the plan first, as a list of sub-problems with what each one needs; then solve it layer by layer, " +
      "and keep the results in one dict.",
      "Give a sub-problem to rlm_query only when it needs code of its own over its own text; " +
      "for reading one passage llm_query is faster and cheaper. Never hand the whole problem to one child.",
      "Check a result before other results are built on it.",
    ],
  },
};

/** The profile that an option names or is; throws `RangeError` for an unknown name. */
export function resolveProfile(profile: string | Profile | undefined): Profile {
  if (profile === undefined) return DEFAULT;
  if (typeof profile !== "string") return profile;
  const found = Object.entries(PROFILES).find(([name]) => name === profile)?.[1];
  if (found !== undefined) return found;
  throw new RangeError(
    `choose a profile: '${profile}' is unknown; use ${Object.keys(PROFILES).join(", ")}`,
  );
}
