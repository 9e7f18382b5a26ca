//! No code: the manifest beside this file says what it is for.
