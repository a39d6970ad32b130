/** What the file name of a wheel says: which package it is, and for which Pythons and systems it was built. */
import { normalName } from "./request.ts";

/** Python of the pinned Pyodide, as its minor version. */
const PYTHON_MINOR = 14;
/** The system of the pinned Pyodide, under its names. */
const PLATFORMS = ["any", "pyemscripten_2026_0_wasm32", "pyodide_2026_0_wasm32"];

/** The package of a wheel by its normal name; throws a `RangeError` for a wheel that can't work in the guest. */
export function packageOfWheel(fileName: string): string {
  const parts = fileName.replace(/\.whl$/i, "").split("-");
  const [name = ""] = parts;
  if ((parts.length !== 5 && parts.length !== 6) || parts.includes("")) {
    throw new RangeError(
      "its name is not that of a wheel: name-version-python-abi-platform.whl",
    );
  }
  const [pythons = [], abis = [], platforms = []] = parts.slice(-3).map((tags) =>
    tags.toLowerCase().split(".")
  );
  if (!platforms.some((platform) => PLATFORMS.includes(platform))) {
    throw new RangeError(
      `it is built for ${platforms.join(", ")}; the guest takes ${
        PLATFORMS.slice(0, 2).join(" or ")
      }`,
    );
  }
  if (!pythons.some((python) => abis.some((abi) => fits(python, abi)))) {
    throw new RangeError(
      `it is built for ${pythons.join(", ")} and ${
        abis.join(", ")
      }; the guest has Python 3.${PYTHON_MINOR}`,
    );
  }
  return normalName(name);
}

/** Whether the guest's Python can use what was built for a Python and an interface to C. */
function fits(python: string, abi: string): boolean {
  const [, kind = "", minor = ""] = /^(py|cp)3(\d*)$/.exec(python) ?? [];
  if (kind === "" || Number(minor) > PYTHON_MINOR) return false;
  if (abi === "none") return kind === "py" || minor === "" || Number(minor) === PYTHON_MINOR;
  if (abi === "abi3") return kind === "cp";
  return abi === `cp3${PYTHON_MINOR}` && python === abi;
}
