"""Wire forms of certificates: read leniently with findings, written strictly."""
