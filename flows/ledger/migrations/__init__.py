"""Steps that bring an older ledger to the schema of today."""
