import VexFS
import VexService

extension Operations: ServiceObserver {
    /// What the wire asks for.
    var service: Service { Service(store, mountRoot: mountRoot, observer: self) }

    func collectionChanged(named directory: ByteString) {
        kernel.forgetEntry(directory, in: .root)
        kernel.forgetAttributes(of: .root)
    }
}
