/** Ways out of the sandbox, as hostile code would try them, so that a user can see each one refused on their own machine. */
