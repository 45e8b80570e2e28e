"""The commands of `pixecom`, a file each."""
