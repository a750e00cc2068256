import VexFS
import VexService

extension Operations: ServiceObserver {
    /// What the wire asks for.
    var service: Service { Service(store, mountRoot: mountRoot, observer: self, identity: identity) }

    func documentsRemoved(_ files: [FileAttributes], from collection: Collection) {
        for file in files {
            kernel.forgetEntry(file.name, in: NodeID(collection: collection.number, file: file.parent))
        }
    }

    func collectionChanged(named directory: ByteString) {
        kernel.forgetEntry(directory, in: .root)
        kernel.forgetAttributes(of: .root)
    }
}
