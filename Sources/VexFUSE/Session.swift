import CFuseShim
import VexFS
