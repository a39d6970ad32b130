export const PRELUDE = "";
