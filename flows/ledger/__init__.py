"""The ledger: who decided what, when and on which evidence; the only truth about versions."""
