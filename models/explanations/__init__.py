"""Why a tail forecast says what it says: of its inputs, its tokens, its seeds and its holdings."""
