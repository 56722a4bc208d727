"""Why a version says what it says of a book or an instrument at its last origin."""
