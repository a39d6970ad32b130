"""`SUBMIT` and its aliases: how a cell hands over the answer."""

from typing import Any, NoReturn

from .prelude_control import Submitted, acting
from .prelude_encode import encode
from .prelude_host import cancel_calls
from .prelude_tools import to_text


class Submit:
    """`SUBMIT`: ends the cell with values for the output fields."""

    def __init__(self) -> None:
        self.__name__ = self.__qualname__ = "SUBMIT"
        self.set_fields([])

    def set_fields(self, fields: list[dict[str, Any]]) -> None:
        """Takes the output fields of the next execution, in positional order."""
        self.fields: list[str] = [field["name"] for field in fields]
        self._required = [field["name"] for field in fields if field["required"]]
        parts = [name if name in self._required else f"{name}=None" for name in self.fields]
        self.text = f"SUBMIT({', '.join(parts)})"
        self.__doc__ = f"{self.text}\n\nEnds the task with these values."

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def __reduce__(self) -> str:
        return "SUBMIT"

    def __call__(self, /, *args: Any, **kwargs: Any) -> NoReturn:
        execution = acting()
        if execution is None:
            raise RuntimeError(
                "SUBMIT() cannot be called: the cell that started this code has ended"
            )
        execution.check()
        values = self._bind(args, kwargs)
        wire = {name: encode(value, f"SUBMIT {name}") for name, value in values.items()}
        execution.submission = to_text(wire, "SUBMIT")
        # Other stacks may wait for tools: what they would be answered is of no use any more.
        cancel_calls()
        raise Submitted

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Values by field name; one dict with the fields as its keys counts as keywords."""
        if (
            len(args) == 1
            and not kwargs
            and type(args[0]) is dict
            and self.fields
            and set(args[0]) == set(self.fields)
        ):
            return dict(args[0])
        if len(args) > len(self.fields):
            raise self._wrong(f"takes {len(self.fields)} values, got {len(args)}")
        values = dict(zip(self.fields, args))
        for name, value in kwargs.items():
            if name in values:
                raise self._wrong(f"got two values for {name!r}")
            if name not in self.fields:
                raise self._wrong(f"has no field {name!r}")
            values[name] = value
        missing = [name for name in self._required if name not in values]
        if missing:
            raise self._wrong(f"needs {', '.join(map(repr, missing))}")
        return values

    def _wrong(self, problem: str) -> TypeError:
        return TypeError(f"SUBMIT {problem}; call {self.text}")


class Final:
    """`FINAL`: another name for `SUBMIT`, which some models were trained on."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self.__name__ = self.__qualname__ = "FINAL"
        self.__doc__ = "FINAL(...)\n\nThe same as SUBMIT(...)."

    def __repr__(self) -> str:
        return "<FINAL(...)>"

    def __reduce__(self) -> str:
        return self.__name__

    def __call__(self, /, *args: Any, **kwargs: Any) -> NoReturn:
        self._submit(*args, **kwargs)


class FinalVar(Final):
    """`FINAL_VAR`: submits a variable, given by its name or by itself."""

    def __init__(self, submit: Submit, variables: dict[str, Any]) -> None:
        super().__init__(submit)
        self._variables = variables
        self.__name__ = self.__qualname__ = "FINAL_VAR"
        self.__doc__ = "FINAL_VAR(name)\n\nThe same as SUBMIT with the value of that variable."

    def __repr__(self) -> str:
        return "<FINAL_VAR(name)>"

    def __call__(self, /, name: object) -> NoReturn:
        if type(name) is not str:
            self._submit(name)
        key = name.strip().strip("\"'")
        if key not in self._variables:
            raise NameError(
                f"FINAL_VAR: no variable is called {key!r}; assign it first, or call {self._submit.text}"
            )
        self._submit(self._variables[key])
