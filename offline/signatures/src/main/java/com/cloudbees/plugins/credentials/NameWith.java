// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

@java.lang.annotation.Inherited()
@java.lang.annotation.Retention(value = java.lang.annotation.RetentionPolicy.RUNTIME)
@java.lang.annotation.Target(value = {java.lang.annotation.ElementType.TYPE})
public @interface NameWith {
    int priority() default 0;

    java.lang.Class<? extends com.cloudbees.plugins.credentials.CredentialsNameProvider<? extends com.cloudbees.plugins.credentials.Credentials>> value();
}
