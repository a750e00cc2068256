import VexFS
import VexService

extension Operations: ServiceObserver {
    /// What the wire asks for.
    var service: Service { Service(store, mountRoot: mountRoot, observer: self, identity: identity) }

    /// Who asks in a session or by an ioctl, with the rights that the kernel would give to a system call.
    func serviceCaller(
        _ collection: Collection?, _ caller: Caller, isCancelled: @escaping @Sendable () -> Bool
    ) -> Service.Caller {
        Service.Caller(
            collection: collection, owner: caller.user, group: caller.group,
            access: ServiceAccess(
                mayRead: { [self] in mayRead($0, caller) }, mayWrite: { [self] in mayWrite($0, caller) }),
            isCancelled: isCancelled)
    }

    /// Whether the caller may make files in a collection, or collections in the mount.
    func mayWrite(_ collection: Collection?, _ caller: Caller) -> Bool {
        guard !options.readOnly else { return false }
        guard caller.user != 0 else { return true }
        guard let collection else { return caller.user == tree.owner.user }
        return allows(0o200, 0o020, 0o002, collection, caller)
    }

    /// Whether the caller may read what is in a collection.
    private func mayRead(_ collection: Collection?, _ caller: Caller) -> Bool {
        guard caller.user != 0, let collection else { return true }
        return allows(0o400, 0o040, 0o004, collection, caller)
    }

    private func allows(
        _ ownerBit: UInt16, _ groupBit: UInt16, _ otherBit: UInt16, _ collection: Collection, _ caller: Caller
    ) -> Bool {
        guard let attributes = collection.attributes(of: Collection.rootNumber) else { return false }
        if attributes.owner == caller.user { return attributes.mode & ownerBit != 0 }
        let (ofGroup, ofOthers) = (attributes.mode & groupBit != 0, attributes.mode & otherBit != 0)
        guard ofGroup != ofOthers, attributes.group != caller.group else { return ofGroup }
        return CallerGroups.contains(attributes.group, of: caller.process) ? ofGroup : ofOthers
    }

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
