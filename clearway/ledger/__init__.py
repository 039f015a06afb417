"""The ledger: facts, their commitments in a Merkle log, receipts. It knows no word of trade."""
