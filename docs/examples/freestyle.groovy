// Job DSL: a freestyle project with an access token.
freeStyleJob('vcf-freestyle') {
    wrappers {
        vcfToken {
            credentialsId('vcfa')
            bindings {
                headerFile {
                    variable('VCF_HEADER_FILE')
                }
            }
        }
    }
    steps {
        shell('curl --fail --silent --show-error -H @"$VCF_HEADER_FILE" "$VCF_URL/deployment/api/deployments"')
    }
}
