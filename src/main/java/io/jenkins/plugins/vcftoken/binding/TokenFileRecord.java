package io.jenkins.plugins.vcftoken.binding;

import hudson.model.Run;

/**
 * A place to clean up.
 *
 * @param run the external ID of the build that the files are for
 */
record TokenFileRecord(String run, TokenFileLocation location) {

    /** A build that goes on after a restart of the controller is one of these, its blocks reopened or not yet. */
    boolean mayBeInUse() {
        Run<?, ?> found = Run.fromExternalizableId(run);
        return found != null && found.isBuilding();
    }
}
