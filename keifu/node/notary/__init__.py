"""The notary: signs final headers of another chain, and looks for notaries that signed two."""
