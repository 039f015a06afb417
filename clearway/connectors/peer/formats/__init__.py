"""Wire forms of the exchange: batch, its signed head, acknowledgement."""
