package io.jenkins.plugins.vcftoken;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;

@AnalyzeClasses(packages = "io.jenkins.plugins.vcftoken", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule CORE_DOES_NOT_DEPEND_ON_JENKINS = noClasses()
            .that()
            .resideInAnyPackage("..oauth..", "..rotation..", "..lease..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("hudson..", "jenkins..", "com.cloudbees..", "org.jenkinsci..");

    /** Code that agents can run on the controller would have to withstand compromised agents. */
    @ArchTest
    static final ArchRule NO_AGENT_TO_CONTROLLER_CALLABLES = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("jenkins\\.(security\\.SlaveToMasterCallable|SlaveToMasterFileCallable)"
                    + "|jenkins\\.agents\\.ControllerToAgent.*|jenkins\\.security\\.NotReallyRoleSensitiveCallable"
                    + "|hudson\\.remoting\\.Callable|hudson\\.FilePath\\$FileCallable");

    /** Jenkins chooses the algorithms for encryption and hashing, for example in FIPS mode. */
    @ArchTest
    static final ArchRule NO_OWN_CRYPTOGRAPHY = noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("javax\\.crypto\\..*"
                    + "|java\\.security\\.(MessageDigest|Signature|SecureRandom|KeyPairGenerator|KeyFactory)"
                    + "|java\\.util\\.Random|org\\.bouncycastle\\..*");

    /** Lowest layer first. */
    private static final List<String> LAYERS = Stream.of(
                    ".oauth", ".rotation", ".lease", ".store", "", ".credentials", ".kubernetes", ".binding", ".health")
            .map(name -> "io.jenkins.plugins.vcftoken" + name)
            .toList();

    @ArchTest
    static void packagesDoNotDependOnHigherLayers(JavaClasses classes) {
        assertThat(classes).extracting(JavaClass::getPackageName).containsOnly(LAYERS.toArray(String[]::new));
        for (int i = 0; i < LAYERS.size() - 1; i++) {
            noClasses()
                    .that()
                    .resideInAPackage(LAYERS.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(LAYERS.subList(i + 1, LAYERS.size()).toArray(String[]::new))
                    .check(classes);
        }
    }
}
