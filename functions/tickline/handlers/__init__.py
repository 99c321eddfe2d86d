"""What AWS calls: the entry points of the four functions. They read what AWS delivers and hand it on."""
