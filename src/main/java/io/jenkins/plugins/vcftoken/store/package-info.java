/**
 * Finding the Jenkins credentials store that owns a credential, and writing a rotated token into it.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.store.CredentialLocator#find}. Its
 * {@link io.jenkins.plugins.vcftoken.store.StoreCredentialWriter} is what {@code rotation} writes through.
 *
 * <p>Threads and locks: look-ups run on the thread of the caller, write-backs on the write-back thread of
 * {@code VcfTokenService}. The package has no locks of its own and must not be called with one held: saving a store takes
 * the lock of the store or folder, and comparing families may take the lock of a family.
 */
package io.jenkins.plugins.vcftoken.store;
