import VexFS
