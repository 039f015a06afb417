"""The IPPC ePhyto Hub: certificates between plant health authorities, as client and as hub."""
