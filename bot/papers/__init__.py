"""The papers, pure: what is told in public, made from the configuration, so that it matches what is done."""
