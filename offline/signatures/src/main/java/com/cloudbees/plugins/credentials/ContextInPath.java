// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.PARAMETER})
public @interface ContextInPath {
    class HandlerImpl extends org.kohsuke.stapler.AnnotationHandler<com.cloudbees.plugins.credentials.ContextInPath> {
        public HandlerImpl() {}
    }
}
